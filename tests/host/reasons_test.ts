import { assertEquals } from "@std/assert";
import { systemReason } from "../../core/host/reasons.ts";

Deno.test("systemReason() names the one permission that is missing, and none that was given", () => {
  const refused = (flag: string): string =>
    systemReason(new Deno.errors.NotCapable(`Requires some access to "x", run again with the ${flag} flag`));
  assertEquals(refused("--allow-write"), "Deno was started without the permission; add --allow-write");
  assertEquals(refused("--allow-all"), "Deno keeps the system's own files from programs; name another place");
  assertEquals(systemReason(new Error("File name too long (os error 36): mkdir 'aaa'")), "the name is too long");
  assertEquals(systemReason(new Error("Input/output error (os error 5): read '/a'")), "Input/output error");
});

Deno.test("systemReason() reads the codes of Deno and of Node, and shows nothing that acts on a terminal", () => {
  const withCode = (code: string, message: string): Error => Object.assign(new Error(message), { code });
  const full = "the disk is full";
  assertEquals(systemReason(withCode("ENOSPC", "ENOSPC: no space left on device, write")), full);
  assertEquals(systemReason(new Error("No space left on device (os error 28)")), full);
  assertEquals(systemReason(new Deno.errors.NotFound("gone")), "gone");
  assertEquals(systemReason(withCode("EIO", "EIO: i/o error, read")), "i/o error, read");
  const denied = withCode("ERR_ACCESS_DENIED", "Access to this API has been restricted. Use --allow-fs-write to …");
  assertEquals(systemReason(denied), "Node was started without the permission; add --allow-fs-write");
  assertEquals(systemReason("a \x1b[2J\nsecond"), "a \\u001b[2J");
  for (const nothing of [undefined, null, "", new Error()]) assertEquals(typeof systemReason(nothing), "string");
});
