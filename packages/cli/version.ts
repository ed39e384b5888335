/** The version of all packages. */
export const VERSION = "0.1.0";

/** How results name the program that wrote them. */
export const CREATOR: string = `pare ${VERSION}`;
