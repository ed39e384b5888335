/** Where a file stands in `packages/`. */
export interface Location {
  /** The folder below `packages/`. */
  readonly package: string;
  /** The path below the package's folder. */
  readonly path: string;
}

const ROOT = decodeURIComponent(new URL("../../", import.meta.url).pathname);

/** The path of a file from the root of the repository. */
function relative(filename: string): string {
  return filename.startsWith(ROOT) ? filename.slice(ROOT.length) : filename;
}

/** Tells where in `packages/` a file stands; `null` for a file elsewhere. */
export function locate(filename: string): Location | null {
  const match = /^packages\/([^/]+)\/(.+)$/.exec(relative(filename));
  return match === null ? null : { package: match[1], path: match[2] };
}

/** Tells whether a file only tests or measures: it is not published and no source imports it. */
export function isTest(filename: string): boolean {
  return /_(test|bench)\.ts$|(^|\/)testing\/|^(test|bench)\//.test(relative(filename));
}
