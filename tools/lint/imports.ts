/** A place where a module is named to be loaded. */
type ImportNode =
  | Deno.lint.ImportDeclaration
  | Deno.lint.ExportAllDeclaration
  | Deno.lint.ExportNamedDeclaration
  | Deno.lint.ImportExpression
  | Deno.lint.TSImportType;

/**
 * Makes a visitor that sees every module specifier of a file: of `import`, `export … from`,
 * `import()` and `import()` types. Specifiers computed at run time stay unseen.
 */
export function visitImports(
  visit: (specifier: string, node: ImportNode) => void,
): Deno.lint.LintVisitor {
  const visitLiteral = (literal: Deno.lint.Node | null, node: ImportNode): void => {
    if (literal?.type === "Literal" && typeof literal.value === "string") {
      visit(literal.value, node);
    }
  };
  return {
    ImportDeclaration: (node) => visitLiteral(node.source, node),
    ExportAllDeclaration: (node) => visitLiteral(node.source, node),
    ExportNamedDeclaration: (node) => visitLiteral(node.source, node),
    ImportExpression: (node) => visitLiteral(node.source, node),
    TSImportType: (node) =>
      visitLiteral(node.argument.type === "TSLiteralType" ? node.argument.literal : null, node),
  };
}
