/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/**
 * Hands figures over as files.
 *
 * @module
 */

/** What the page's style sheet says of a shape, to be written into the file. */
const STYLES = [
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-width",
  "stroke-opacity",
  "stroke-dasharray",
  "stroke-linejoin",
  "opacity",
  "color",
  "font-family",
  "font-size",
  "font-style",
  "font-weight",
];

/** Paper around a picture, in pixels. */
const MARGIN = 8;

/** A picture with its styles inside, on paper of the page's colour. */
export function standalone(svg: SVGSVGElement): string {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const from = [svg, ...svg.querySelectorAll("*")], to = [copy, ...copy.querySelectorAll("*")];
  from.forEach((element, i) => {
    const style = getComputedStyle(element);
    const text = STYLES.map((name) => `${name}:${style.getPropertyValue(name)}`).join(";");
    const target = to[i]!;
    if (target instanceof SVGElement && !/^(title|desc|mask|stop|linearGradient|image)$/.test(target.tagName)) {
      target.setAttribute("style", text);
    }
    target.removeAttribute("class");
  });
  const paper = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  const { width, height } = svg.viewBox.baseVal, box = [-MARGIN, -MARGIN, width + 2 * MARGIN, height + 2 * MARGIN];
  ["x", "y", "width", "height"].forEach((name, i) => paper.setAttribute(name, String(box[i])));
  copy.setAttribute("viewBox", box.join(" "));
  copy.setAttribute("width", String(box[2]));
  copy.setAttribute("height", String(box[3]));
  paper.setAttribute("fill", getComputedStyle(document.body).backgroundColor);
  copy.querySelector("desc")?.after(paper);
  return new XMLSerializer().serializeToString(copy);
}

/** A picture as pixels, twice as fine as on the page. */
export async function pixels(svg: SVGSVGElement): Promise<Blob> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(standalone(svg))}`;
  await image.decode();
  const { width, height } = svg.viewBox.baseVal, canvas = document.createElement("canvas");
  canvas.width = (width + 2 * MARGIN) * 2;
  canvas.height = (height + 2 * MARGIN) * 2;
  canvas.getContext("2d")!.drawImage(image, 0, 0, canvas.width, canvas.height);
  return await new Promise((resolve, reject) => {
    canvas.toBlob((blob) => blob ? resolve(blob) : reject(new Error("the browser made no picture")), "image/png");
  });
}

/** Offers a file to the reader. */
export function save(name: string, data: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(data);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
