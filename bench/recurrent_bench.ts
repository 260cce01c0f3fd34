import { timed } from "../tests/timed_cases.ts";
import { benchWithGradient } from "./routes.ts";

for (const row of timed.recurrent) benchWithGradient(row);
