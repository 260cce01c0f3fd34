/** All tests of the package for npm, which they share: in runtimes, in bundlers, in a browser. */

import "./contents.ts";
import "./types.ts";
import "./runtimes.ts";
import "./bundles.ts";
import "./pages.ts";
import "./worker.ts";
import "./openai.ts";
