/**
 * # What a server answers where it cannot
 *
 * Errors in the shape that clients of OpenAI's interface read: a sentence, a kind, the parameter that is meant, a code for programs. The status decides which class
 * of error a client throws.
 *
 * @module
 */

/** A request that is answered with an error. */
export class ApiError extends Error {
  /** The name of this class of errors. */
  override readonly name: string = "ApiError";
  /** Of the answer. */
  readonly status: number;
  /** The parameter that is meant; null where it is none. */
  readonly param: string | null;
  /** For programs; null where there is none. */
  readonly code: string | null;

  /** Says what is wrong. */
  constructor(
    status: number,
    message: string,
    { param = null, code = null }: { param?: string | null; code?: string | null } = {},
  ) {
    super(message);
    [this.status, this.param, this.code] = [status, param, code];
  }

  /** What the body of the answer holds. */
  toJSON(): { readonly error: Readonly<Record<"message" | "type" | "param" | "code", string | null>> } {
    const type = this.status >= 500 ? "server_error" : "invalid_request_error";
    return { error: { message: this.message, type, param: this.param, code: this.code } };
  }
}

/** A parameter that is not what it must be. */
export function invalid(param: string, must: string): ApiError {
  return new ApiError(400, `Invalid '${param}': it must be ${must}.`, { param, code: "invalid_value" });
}

/** A parameter that clients may send, and that has no meaning here. */
export function unsupported(param: string, why: string): ApiError {
  return new ApiError(400, `Unsupported parameter: '${param}'. ${why}`, { param, code: "unsupported_parameter" });
}
