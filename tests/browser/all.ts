/** All tests of the built site in a browser, which they share. `deno task docs` comes first. */

import "./pages.ts";
import "./reading.ts";
import "./folded.ts";
import "./chinese.ts";
import "./aids.ts";
import "./live.ts";
import "./experiments.ts";
import "./playground.ts";
import "./open.ts";
import "./space.ts";
import "./tables.ts";
import "./title.ts";
