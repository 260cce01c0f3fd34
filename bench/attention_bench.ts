import { timed } from "../tests/timed_cases.ts";
import { benchRoutes, benchWithGradient } from "./routes.ts";

for (const row of timed.attention) benchWithGradient(row);
for (const row of timed.cachedAttention) benchRoutes(row);
