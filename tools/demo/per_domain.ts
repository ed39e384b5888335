import type { Domain } from "./text/domains.ts";

/** One number for each domain. */
export type PerDomain = Readonly<Record<Domain, number>>;

/**
 * Makes something of each domain, one after another.
 *
 * @param make What to make.
 * @returns One for each domain.
 */
export async function perDomain<T>(
  make: (domain: Domain) => T | Promise<T>,
): Promise<Record<Domain, T>> {
  return {
    stories: await make("stories"),
    arithmetic: await make("arithmetic"),
    russian: await make("russian"),
  };
}
