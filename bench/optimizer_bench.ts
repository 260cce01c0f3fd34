import { timedUpdates } from "../tests/timed_cases.ts";
import { benchRoutes } from "./routes.ts";

for (const row of timedUpdates) benchRoutes(row);
