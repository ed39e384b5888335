// pare/no-default-export: a thing has one name, the same wherever it is imported.

/** Refuses default exports. */
export const noDefaultExport: Deno.lint.Rule = {
  create(context) {
    const report = (node: Deno.lint.Node): void =>
      context.report({ node, message: "Default export", hint: "Export it by its name" });
    return {
      ExportDefaultDeclaration: report,
      ExportSpecifier: (node) => {
        const { exported } = node;
        const name = exported.type === "Identifier" ? exported.name : exported.value;
        if (name === "default") report(node);
      },
    };
  },
};
