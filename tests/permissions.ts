/** What tests may do: those that need more than nothing are reported as ignored where it is not granted. */

/** Kinds of access that some tests need. */
export type Access = "read" | "write" | "run" | "env" | "net";

/** Whether all of these kinds of access are granted; asks nobody. The net is this machine's own. */
export function granted(...kinds: readonly Access[]): boolean {
  return kinds.every((name) => {
    const descriptor = name === "net" ? { name, host: "127.0.0.1" } : { name };
    return Deno.permissions.querySync(descriptor).state === "granted";
  });
}

/** A test with a folder of its own, which needs to read and write, and whatever else is named. */
export function testWithFolder(
  name: string,
  body: (folder: string) => Promise<void>,
  ...kinds: readonly Access[]
): void {
  Deno.test({
    name,
    ignore: !granted("read", "write", ...kinds),
    async fn() {
      const folder = await Deno.makeTempDir({ prefix: "heed-" });
      try {
        await body(folder);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}
