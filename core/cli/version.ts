/**
 * # The version
 *
 * `deno.json` states it for everyone; only who asks for it loads the file.
 *
 * @module
 */

import config from "../../deno.json" with { type: "json" };

/** The version of heed. */
export const version: string = config.version;
