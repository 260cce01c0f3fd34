/**
 * # Figures
 *
 * **Question.** A page, a terminal and a table for those who listen show the same thing. What do they share?
 *
 * **Idea.** Plain data: a figure says what is drawn and what to see in it, and nothing of colours, pixels or columns of
 * characters. Whoever shows it decides those.
 *
 * @module
 */

/** What an axis shows. */
export interface Axis {
  /** Quantity and unit. */
  readonly title: string;
  /** Whether equal factors are equal distances. */
  readonly logarithmic?: boolean;
  /** Interval shown, if it is not that of the data. */
  readonly domain?: readonly [number, number];
}

/** Points of one kind; `quantity` is a symbol of the page, whose colour the points take. */
export interface Series {
  /** Stands in the legend. */
  readonly label: string;
  /** x and y of each point. */
  readonly points: readonly (readonly [number, number])[];
  /** Name of each point, where they have one. */
  readonly names?: readonly string[];
  /** A symbol of the page's table, such as `Q`. */
  readonly quantity?: string;
  /** Drawn with gaps: what is expected rather than found. */
  readonly dashed?: boolean;
  /** Lowest and highest value found at each point, over several seeds; a line shows them as a band around it. */
  readonly ranges?: readonly (readonly [number, number])[];
}

/** A token, coloured by a value. */
export interface ValuedToken {
  /** What is written. */
  readonly text: string;
  /** Its colour, within the scale of the figure. */
  readonly value?: number;
}

/** A node of a tree of prefixes. */
export interface TreeNode {
  /** Distinguishes nodes. */
  readonly id: number;
  /** The node it continues; the root has none. */
  readonly parent?: number;
  /** What is written. */
  readonly label: string;
  /** What it scores. */
  readonly value?: number;
  /** Whether the search went on with it. */
  readonly kept?: boolean;
  /** Whether it belongs to the best hypothesis; drawn strongest. */
  readonly best?: boolean;
}

/** The kinds of pictures. Each also is a table, for those who read and for those who listen. */
export type Picture =
  | { readonly kind: "line" | "scatter"; readonly x: Axis; readonly y: Axis; readonly series: readonly Series[] }
  | {
    readonly kind: "bars";
    readonly y: Axis;
    /** Bars of one group stand together; where there are groups, bars of one label share a colour. */
    readonly bars: readonly {
      readonly label: string;
      readonly group?: string;
      readonly value: number;
      readonly quantity?: string;
      /** Lowest and highest value found, over several seeds. */
      readonly range?: readonly [number, number];
    }[];
  }
  | {
    readonly kind: "heatMap";
    readonly rows: readonly string[];
    readonly columns: readonly string[];
    readonly values: readonly (readonly number[])[];
    readonly rowTitle?: string;
    readonly columnTitle?: string;
    readonly domain?: readonly [number, number];
    readonly diverging?: boolean;
    readonly quantity?: string;
  }
  | {
    readonly kind: "attention";
    readonly from: readonly string[];
    readonly to: readonly string[];
    /** One matrix `[from, to]` per head. */
    readonly weights: readonly (readonly (readonly number[])[])[];
    readonly heads?: readonly string[];
  }
  | {
    readonly kind: "histogram";
    readonly x: Axis;
    readonly series: readonly {
      readonly label: string;
      /** One more than counts. */
      readonly edges: readonly number[];
      readonly counts: readonly number[];
      readonly quantity?: string;
    }[];
  }
  | {
    readonly kind: "tree";
    readonly nodes: readonly TreeNode[];
    /** What the kinds of nodes are called; best, kept and pruned by default. */
    readonly looks?: Readonly<Record<"best" | "kept" | "dropped", string>>;
  }
  | {
    readonly kind: "table";
    /** Whether it takes the whole width; where a screen is narrow, a row is a list of its cells, each with its head. */
    readonly isWide?: boolean;
    readonly columns: readonly string[];
    readonly rows: readonly (readonly (number | string)[])[];
  }
  | {
    readonly kind: "tokens";
    readonly rows: readonly { readonly label?: string; readonly tokens: readonly ValuedToken[] }[];
    readonly domain?: readonly [number, number];
  }
  | { readonly kind: "text"; readonly text: string };

/** A picture and what to see in it. */
export type Figure = Picture & {
  /** One sentence; numbers in it are computed. */
  readonly caption: string;
};
