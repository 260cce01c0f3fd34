/**
 * The server of the site, asked by bytes on a wire: browsers mend what they send, others do not.
 *
 * It runs on packages of npm; without them, as without permissions, these tests are reported as ignored.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { hasPackages } from "./packages.ts";

const root = new URL("../../", import.meta.url);
const ignore = !hasPackages;

/** What the server says. */
interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** Sends a request as it stands and reads until the server closes. */
async function ask(port: number, request: string | Uint8Array): Promise<Answer> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const bytes = typeof request === "string" ? new TextEncoder().encode(request) : request;
  let text = "", sent = 0;
  const write = async (): Promise<void> => {
    while (sent < bytes.length) sent += await connection.write(bytes.subarray(sent));
  };
  // A server may answer, and close, before it has read a very long request.
  const writing = write().catch(() => {});
  const decoder = new TextDecoder();
  try {
    for await (const part of connection.readable) text += decoder.decode(part, { stream: true });
  } catch { /* Closed with what was sent unread. */ }
  await writing;
  const [head = "", ...body] = text.split("\r\n\r\n"), [line = "", ...fields] = head.split("\r\n");
  const headers = fields.map((field) => /^([^:]*): *(.*)$/.exec(field)!.slice(1) as [string, string]);
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(line)?.[1]), headers: new Headers(headers), body: body.join("") };
}

/** A request for a path that closes the connection. */
const get = (path: string, { method = "GET", host = "Host: x\r\n", more = "" } = {}): string =>
  `${method} ${path} HTTP/1.1\r\n${host}Connection: close\r\n${more}\r\n`;

/** Serves a small site by a process of its own, whose complaints are an error. */
async function served(use: (port: number, site: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "heed-" }), site = `${folder}/site`;
  await Deno.mkdir(`${site}/folder/.hidden`, { recursive: true });
  await Deno.writeTextFile(`${folder}/secret.txt`, "secret");
  await Deno.writeTextFile(`${site}/index.html`, "first page");
  await Deno.writeTextFile(`${site}/folder/index.html`, "second page");
  await Deno.writeTextFile(`${site}/folder/中 文.txt`, "Chinese");
  await Deno.writeTextFile(`${site}/code.js`, "0123456789");
  await Deno.writeTextFile(`${site}/kernel.wasm`, "\0asm");
  await Deno.writeTextFile(`${site}/.env`, "secret");
  await Deno.writeTextFile(`${site}/folder/.hidden/a.txt`, "secret");
  if (Deno.build.os !== "windows") {
    await Deno.symlink(`${folder}/secret.txt`, `${site}/leak.txt`);
    await Deno.symlink("../secret.txt", `${site}/relative.txt`);
    await Deno.symlink(folder, `${site}/up`);
    await Deno.symlink("code.js", `${site}/within.js`);
    await Deno.symlink("gone", `${site}/dangling`);
    await Deno.symlink("round", `${site}/round`);
    await new Deno.Command("mkfifo", { args: [`${site}/pipe`] }).output();
  }
  const program = `
    import { createServer } from "node:http";
    import { listener } from "${new URL("docs/serve.ts", root)}";
    import { pathToFileURL } from "node:url";
    const server = createServer(listener(pathToFileURL(${JSON.stringify(`${site}/`)})));
    server.listen(0, "127.0.0.1", () => console.log(server.address().port));`;
  // All files may be read: what keeps the server in its folder is the server.
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--frozen",
      "--ignore-env",
      "--allow-read",
      "--allow-net=127.0.0.1",
      "--config",
      "docs/deno.json",
      "-",
    ],
    cwd: root,
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const complaints = new Response(child.stderr).text();
  try {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(program));
    await writer.close();
    const reader = child.stdout.getReader(), { value } = await reader.read();
    await use(Number(new TextDecoder().decode(value)), site);
    await reader.cancel();
  } finally {
    child.kill();
    await child.status;
    await Deno.remove(folder, { recursive: true });
  }
  assertEquals((await complaints).split("\n").filter((line) => !/^(Check .*)?$/.test(line)), []);
}

Deno.test("the server answers every request as a server does, and stays in its folder", { ignore }, async (t) => {
  await served(async (port) => {
    const statusOf = async (request: string | Uint8Array): Promise<number> => (await ask(port, request)).status;

    await t.step("files come whole, with their types and what browsers need to know", async () => {
      const page = await ask(port, get("/"));
      assertEquals([page.status, page.body], [200, "first page"]);
      assertEquals(page.headers.get("content-type"), "text/html; charset=utf-8");
      assertEquals(page.headers.get("content-length"), "10");
      assertEquals((await ask(port, get("/code.js"))).headers.get("content-type"), "text/javascript; charset=utf-8");
      assertEquals((await ask(port, get("/kernel.wasm"))).headers.get("content-type"), "application/wasm");
      assertEquals((await ask(port, get("/folder/"))).body, "second page");
      for (const path of ["/folder/%E4%B8%AD%20%E6%96%87.txt", "/%66older/%E4%B8%AD%20%E6%96%87.txt?x=%zz#%"]) {
        assertEquals((await ask(port, get(path))).body, "Chinese", path);
      }
      assertEquals((await ask(port, get("http://elsewhere.example/code.js"))).body, "0123456789");
      assertEquals((await ask(port, "GET /code.js HTTP/1.0\r\n\r\n")).body, "0123456789");
    });

    await t.step(
      "every answer isolates the page, guesses no type and lets it load nothing from elsewhere",
      async () => {
        for (const path of ["/", "/code.js", "/none", "/%00", "/folder"]) {
          const { headers } = await ask(port, get(path));
          assertEquals(headers.get("x-content-type-options"), "nosniff", path);
          assertEquals(headers.get("cross-origin-embedder-policy"), "require-corp", path);
          assertEquals(headers.get("cross-origin-opener-policy"), "same-origin", path);
          assertMatch(
            headers.get("content-security-policy")!,
            /^default-src 'self'; script-src 'self' 'wasm-unsafe-eval' /,
          );
        }
      },
    );

    await t.step("parts, heads and what has not changed", async () => {
      const part = (range: string): Promise<Answer> =>
        ask(port, get("/code.js", { more: `Range: bytes=${range}\r\n` }));
      for (const [range, body, found] of [["2-4", "234", "2-4"], ["7-", "789", "7-9"], ["-1", "9", "9-9"]] as const) {
        const { status, body: text, headers } = await part(range);
        assertEquals([status, text, headers.get("content-range")], [206, body, `bytes ${found}/10`]);
      }
      const beyond = await part("10-");
      assertEquals([beyond.status, beyond.headers.get("content-range")], [416, "bytes */10"]);
      assertEquals((await part("x")).body, "0123456789");
      const head = await ask(port, get("/code.js", { method: "HEAD" }));
      assertEquals([head.status, head.body, head.headers.get("content-length")], [200, "", "10"]);
      const more = `If-None-Match: ${head.headers.get("etag")}\r\n`;
      assertEquals(await statusOf(get("/code.js", { more })), 304);
    });

    await t.step("other methods", async () => {
      for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"]) {
        const { status, headers } = await ask(port, get("/", { method }));
        assertEquals([status, headers.get("allow")], [405, "GET, HEAD"], method);
      }
      assertEquals(await statusOf(get("*", { method: "OPTIONS" })), 405);
    });

    await t.step("what is not there, or not for readers", async () => {
      const paths = ["/none", "/none/", "/code.js/", "/folder/none.html", "/.env", "/folder/.hidden/a.txt", "/%2eenv"];
      paths.push(`/${"a".repeat(255)}`, `/${"a".repeat(256)}`, `/${"a".repeat(5000)}`, `/${"a/".repeat(3000)}`);
      paths.push(
        "/folder%2f",
        "/folder%2Findex.html",
        "/folder%5cindex.html",
        `/${"%E4%B8%AD".repeat(90)}`,
        "/folder%00.html".replace("%00", "%01"),
        "/con",
        "/a:b",
      );
      if (Deno.build.os !== "windows") {
        paths.push("/leak.txt", "/relative.txt", "/up/secret.txt", "/up/", "/up", "/dangling", "/round", "/pipe");
        assertEquals((await ask(port, get("/within.js"))).body, "0123456789");
      }
      for (const path of paths) assertEquals(await statusOf(get(path)), 404, path.slice(0, 80));
    });

    await t.step("no path leads out", async () => {
      const dots = [
        "..",
        "%2e%2e",
        ".%2e",
        "%2E.",
        "..%2f..",
        "..%5c..",
        "..\\..",
        "%252e%252e",
        "..;",
        "....",
        "\\..",
      ];
      for (const up of dots) {
        for (const path of [`/${up}/secret.txt`, `/folder/${up}/${up}/secret.txt`, `//${up}/secret.txt`, `/${up}`]) {
          const { status, body } = await ask(port, get(path));
          assert(
            !body.includes("secret") && (status === 404 || status === 400 || status === 302),
            `${path}: ${status}`,
          );
        }
      }
      for (
        const path of ["/etc/passwd", "//etc/passwd", "/C:/Windows/win.ini", "/%2fetc%2fpasswd", "/file:///etc/passwd"]
      ) {
        assertEquals(await statusOf(get(path)), 404, path);
      }
    });

    await t.step("what is no address", async () => {
      for (
        const path of ["/%", "/%0", "/%zz", "/%00", "/index.html%00", "/%c0%ae%c0%ae/secret.txt", "/%ff", "/%ED%A0%80"]
      ) {
        assertEquals(await statusOf(get(path)), 400, path);
      }
      for (const address of ["index.html", "ftp://x/index.html", ""]) assertEquals(await statusOf(get(address)), 400);
      assertEquals(
        await statusOf(Uint8Array.from([...new TextEncoder().encode("GET /"), 0, 255, 13, 10, 13, 10])),
        400,
      );
      assertEquals(await statusOf(`GET /中.html HTTP/1.1\r\nHost: x\r\n\r\n`), 400);
      for (const length of [20_000, 1_000_000]) {
        const status = await statusOf(get(`/${"a".repeat(length)}`));
        assert(status === 431 || status === 414 || Number.isNaN(status), `${length}: ${status}`);
      }
    });

    await t.step("who is asked", async () => {
      for (const host of ["a b", "a/b", "a@b", "x\r\nHost: y", "[", "é", "a:b"]) {
        assertEquals(await statusOf(get("/", { host: `Host: ${host}\r\n` })), 400, host);
      }
      assertEquals(await statusOf(get("/", { host: "" })), 400);
      for (const host of ["localhost:8000", "127.0.0.1", "[::1]:80", "a-b.example", ""]) {
        assertEquals(await statusOf(get("/", { host: `Host: ${host}\r\n` })), 200, host);
      }
    });

    await t.step("a folder's address gets its slash, without a word about the host", async () => {
      for (
        const [path, location] of [["/folder", "/folder/"], ["/folder?a=b", "/folder/?a=b"], ["//folder", "/folder/"]]
      ) {
        const { status, headers } = await ask(port, get(path!, { host: "Host: elsewhere.example\r\n" }));
        assertEquals([status, headers.get("location")], [302, location], path);
      }
    });

    assertEquals((await ask(port, get("/"))).body, "first page");
  });
});

Deno.test("deno task serve says where, and in one sentence that a port is taken", { ignore }, async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "serve", "--port", String((taken.addr as Deno.NetAddr).port)],
    cwd: root,
    env: { NO_COLOR: "1" },
  }).output();
  assertEquals([code, new TextDecoder().decode(stdout)], [1, ""]);
  // A checkout in which the site was not built has nothing to serve.
  assertMatch(
    new TextDecoder().decode(stderr),
    /^Cannot (listen on port \d+: .*|serve docs\/site: it is not there.*)\n$/,
  );
});
