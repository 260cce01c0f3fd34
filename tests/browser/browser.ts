/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * A browser, the built site behind two servers, and the pages there are.
 *
 * The browser is the Chromium of the machine, or of `$CHROMIUM`; without one the tests are reported as ignored. Both
 * servers put the site below a path, as hosts of many sites do; one isolates pages from other origins, so that
 * threads may share memory, the other does not.
 *
 * @module
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

/** Folder of the site, or `$SITE`. */
export const SITE: URL = Deno.env.has("SITE")
  ? new URL(`${Deno.env.get("SITE")!.replace(/\/$/, "")}/`, `file://${Deno.cwd()}/`)
  : new URL("../../docs/site/", import.meta.url);

/** Path under which the servers put it. */
const PREFIX = "/some/book/";

/** What a page logs. */
interface Message {
  type(): string;
  text(): string;
}
interface Request {
  url(): string;
  failure(): { readonly errorText: string } | null;
}
interface Response {
  url(): string;
  status(): number;
}
/** A file that a page hands over. */
interface Download {
  suggestedFilename(): string;
  path(): Promise<string>;
}

/** The part of the package's interface that is used here. */
export interface Page {
  goto(url: string, options?: { readonly waitUntil?: "load" | "networkidle" }): Promise<unknown>;
  url(): string;
  title(): Promise<string>;
  addInitScript(f: () => void): Promise<void>;
  evaluate<T>(f: string | (() => T | Promise<T>)): Promise<T>;
  evaluate<A, T>(f: (argument: A) => T | Promise<T>, argument: A): Promise<T>;
  waitForFunction<A>(
    f: (argument: A) => unknown,
    argument?: A,
    options?: { readonly timeout?: number },
  ): Promise<unknown>;
  waitForURL(url: string): Promise<void>;
  waitForEvent(event: "download"): Promise<Download>;
  waitForTimeout(ms: number): Promise<void>;
  setViewportSize(size: { readonly width: number; readonly height: number }): Promise<void>;
  emulateMedia(
    options: {
      readonly colorScheme?: "light" | "dark";
      readonly reducedMotion?: "reduce";
      readonly media?: "print" | "screen";
    },
  ): Promise<void>;
  click(selector: string): Promise<void>;
  hover(selector: string): Promise<void>;
  tap(selector: string): Promise<void>;
  fill(selector: string, text: string): Promise<void>;
  setInputFiles(
    selector: string,
    files:
      | readonly string[]
      | readonly { readonly name: string; readonly mimeType: string; readonly buffer: Uint8Array }[],
  ): Promise<void>;
  isVisible(selector: string): Promise<boolean>;
  route(pattern: string, handle: (route: { abort(): Promise<void> }) => Promise<void>): Promise<void>;
  unroute(pattern: string): Promise<void>;
  focus(selector: string): Promise<void>;
  readonly keyboard: { press(key: string): Promise<void>; type(text: string): Promise<void> };
  on(event: "console", hear: (message: Message) => void): void;
  on(event: "pageerror", hear: (error: Error) => void): void;
  on(event: "request" | "requestfailed", hear: (request: Request) => void): void;
  on(event: "response", hear: (response: Response) => void): void;
  context(): Context;
  close(): Promise<void>;
}
/** What the protocol of the browser says of the fonts that an element is drawn with. */
export interface DrawnFont {
  readonly isCustomFont: boolean;
  readonly glyphCount: number;
}
/** The protocol of the browser, as far as it is used. */
export interface Session {
  send(method: "DOM.enable" | "CSS.enable"): Promise<unknown>;
  send(method: "DOM.getDocument"): Promise<{ readonly root: { readonly nodeId: number } }>;
  send(method: "DOM.querySelector", about: { nodeId: number; selector: string }): Promise<{ readonly nodeId: number }>;
  send(
    method: "CSS.getPlatformFontsForNode",
    about: { nodeId: number },
  ): Promise<{ readonly fonts: readonly DrawnFont[] }>;
}
/** A profile of a browser. */
export interface Context {
  newCDPSession(page: Page): Promise<Session>;
  newPage(): Promise<Page>;
  close(): Promise<void>;
}
/** A browser. */
export interface Browser {
  newContext(options: Readonly<Record<string, unknown>>): Promise<Context>;
  close(): Promise<void>;
}
interface Package {
  readonly chromium: { launch(options: Readonly<Record<string, unknown>>): Promise<Browser> };
}

/** Where Chromium is, if it is anywhere. */
export const executable: string | undefined = [Deno.env.get("CHROMIUM"), "/usr/bin/chromium"].find((path) => {
  try {
    return path && Deno.statSync(path).isFile;
  } catch {
    return false;
  }
});

const ARGUMENTS = [
  "--headless=new",
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // A software adapter will do.
  "--enable-unsafe-webgpu",
];

let browser: Promise<Browser> | undefined;
const servers: Server[] = [];

/** Starts a browser. */
export async function launch(): Promise<Browser> {
  // Named at run time, so that checking the repository does not ask for the package.
  const name: string = "playwright-core";
  const { chromium } = await import(name) as Package;
  return await chromium.launch({
    executablePath: executable,
    headless: false,
    chromiumSandbox: false,
    args: ARGUMENTS,
  });
}

/** What `docs/serve.ts` exports. */
interface Serving {
  listener(folder: URL, isolated: boolean): (request: IncomingMessage, response: ServerResponse) => Promise<void>;
}

async function serve(isolated: boolean): Promise<string> {
  // Named at run time, as the browser's package is: it needs a package too.
  const name: string = "../../docs/serve.ts";
  const answer = (await import(name) as Serving).listener(SITE, isolated);
  const server = createServer((request, response) => {
    const { url = "" } = request;
    if (!url.startsWith(PREFIX)) return void response.writeHead(404).end();
    request.url = url.slice(PREFIX.length - 1);
    void answer(request, response);
  });
  servers.push(server);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return `http://127.0.0.1:${(server.address() as { readonly port: number }).port}${PREFIX}`;
}

const addresses = new Map<boolean, Promise<string>>();

/** Address of the site, which ends with a slash. */
export function address(isolated = true): Promise<string> {
  const found = addresses.get(isolated) ?? serve(isolated);
  addresses.set(isolated, found);
  return found;
}

/** How a page is looked at. */
export interface View {
  readonly width?: number;
  readonly dark?: boolean;
  readonly scripts?: boolean;
  /** Whether the server isolates the page. */
  readonly isolated?: boolean;
}

/** A tab that notes what goes wrong in it. */
export interface Tab {
  readonly page: Page;
  /** What went wrong since it was last asked. */
  complaints(): string[];
  /** Addresses asked for since it was last asked. */
  requests(): string[];
  /** Goes to a page of the site. */
  open(path: string): Promise<void>;
}

/** Opens a tab with a profile of its own, and closes it at the end. */
export async function withTab(
  { width = 1400, dark = false, scripts = true, isolated = true }: View,
  use: (tab: Tab) => Promise<void>,
): Promise<void> {
  browser ??= launch();
  const context = await (await browser).newContext({
    viewport: { width, height: width < 500 ? 844 : 900 },
    colorScheme: dark ? "dark" : "light",
    javaScriptEnabled: scripts,
    reducedMotion: "reduce",
    permissions: ["clipboard-read", "clipboard-write"],
    ...(width < 500 ? { isMobile: true, hasTouch: true } : {}),
  });
  try {
    const page = await context.newPage();
    const base = await address(isolated), { origin } = new URL(base);
    let complaints: string[] = [], requests: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") complaints.push(`console: ${message.text()}`);
    });
    page.on("pageerror", (error) => void complaints.push(`uncaught: ${error.message}`));
    page.on("request", (request) => {
      const url = new URL(request.url());
      requests.push(request.url());
      if (/^https?:|^wss?:/.test(url.protocol) && url.origin !== origin) complaints.push(`asks ${url}`);
    });
    page.on("requestfailed", (request) => {
      // Leaving a page ends what it still asks for.
      const why = request.failure()?.errorText ?? "";
      if (why !== "net::ERR_ABORTED") complaints.push(`${request.url()}: ${why}`);
    });
    page.on("response", (response) => {
      if (response.status() >= 400) complaints.push(`${response.url()}: ${response.status()}`);
    });
    const taken = <T>(list: T[]): T[] => list.splice(0);
    await use({
      page,
      complaints: () => taken(complaints),
      requests: () => taken(requests),
      async open(path) {
        await page.goto(base + path, { waitUntil: "load" });
      },
    });
    complaints = requests = [];
  } finally {
    await context.close();
  }
}

/** Registers a test that needs the browser, and what else is told: without it, it is ignored by name. */
export function testInBrowser(name: string, body: (t: Deno.TestContext) => Promise<void>, isPossible = true): void {
  // The browser and the servers live as long as the tests.
  Deno.test({ name, ignore: !executable || !isPossible, sanitizeOps: false, sanitizeResources: false, fn: body });
}

Deno.test.afterAll(async () => {
  await (await browser)?.close();
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
});

/** Addresses of the pages that can be reached from the first one, from the root of the site, in the order found. */
export function crawl(): string[] {
  const found = new Set(["index.html"]);
  for (const url of found) {
    const html = Deno.readTextFileSync(new URL(url, SITE));
    for (const [, link] of html.matchAll(/<a\b[^>]* href="([^"]*)"/g)) {
      if (/^\w+:/.test(link!)) continue;
      const { pathname } = new URL(link!.replaceAll("&amp;", "&"), `file:///${url}`);
      if (pathname.endsWith(".html")) found.add(decodeURIComponent(pathname.slice(1)));
    }
  }
  return [...found];
}

/** Folders of the chapters on the site, and their pages; those of experiments lie one deeper. */
const CHAPTERS = /^(words|attention|transformer|training|generation)\/\w+\.html$/;

/** The pages of chapters and those in no folder; of the others, which are made in the same way, every so many-th. */
export function chosenPages(others: number): string[] {
  const all = crawl(), book = all.filter((url) => CHAPTERS.test(url) || !url.includes("/"));
  const rest = all.filter((url) => !book.includes(url)), step = Math.max(1, rest.length / others);
  return [...book, ...Array.from({ length: Math.min(others, rest.length) }, (_, i) => rest[Math.floor(i * step)]!)];
}

/** One page of each kind: those in no folder, and the first of each folder that is not its index. */
export function kindsOfPages(): string[] {
  const taken = new Map<string, number>();
  return crawl().filter((url) => {
    const folder = url.split("/").slice(0, -1).filter((part, i) => i === 0 || part === "experiments").join("/");
    const count = taken.get(folder) ?? 0;
    if (folder !== "" && url.endsWith("/index.html")) return false;
    taken.set(folder, count + 1);
    return folder === "" || count === 0;
  });
}

/** Does something for each element, in several tabs at once. */
export async function inTabs<T>(
  items: readonly T[],
  view: View,
  use: (item: T, tab: Tab) => Promise<void>,
  tabs = 3,
): Promise<void> {
  const left = [...items];
  await Promise.all(Array.from({ length: tabs }, () =>
    withTab(view, async (tab) => {
      for (let item = left.shift(); item !== undefined; item = left.shift()) await use(item, tab);
    })));
}
