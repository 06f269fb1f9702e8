import ts from 'typescript';

/** Members of Date that only compute on what they are given. */
const PURE_DATE_MEMBERS = new Set(['parse', 'UTC', 'prototype']);

/** Every file with a finding has one of these, if only a backslash that hides the name: the others need no parsing. */
const MAY_HAVE_ONE = /randomUUID|timeOrigin|Date|Math|\\/;

/** Uses of the wall clock, of random numbers and of fresh ids in a file, each with its line, under whatever name. */
export function hiddenSources(path: string, text: string): string[] {
  if (!MAY_HAVE_ONE.test(text)) return [];
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
  const findings: string[] = [];
  const visit = (node: ts.Node): void => {
    const name = ts.isIdentifier(node) || ts.isStringLiteral(node) ? hiddenSource(node) : undefined;
    if (name) findings.push(`line ${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}: ${name}`);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return findings;
}

function hiddenSource(node: ts.Identifier | ts.StringLiteral): string | undefined {
  const { text } = node;
  if (text === 'randomUUID') return 'randomUUID, take an id from Ids';
  if (text === 'timeOrigin') return 'performance.timeOrigin, take the time from Clock';
  if (!ts.isIdentifier(node) || isTypeOrName(node)) return undefined;
  if (text === 'Date' && !isPureDate(node)) return 'the wall clock by Date, take the time from Clock';
  if (text === 'Math' && !isPureMath(node)) return 'Math.random, take chance from Ids';
  return undefined;
}

/** The expression that denotes the global: `Date` itself, or `globalThis.Date` as a whole. */
function globalExpression(node: ts.Identifier): ts.Node {
  return ts.isPropertyAccessExpression(node.parent) && node.parent.name === node ? node.parent : node;
}

function isPureDate(node: ts.Identifier): boolean {
  const date = globalExpression(node);
  const use = date.parent;
  if (ts.isNewExpression(use) && use.expression === date) return (use.arguments?.length ?? 0) > 0;
  if (ts.isPropertyAccessExpression(use)) return PURE_DATE_MEMBERS.has(use.name.text);
  return ts.isBinaryExpression(use) && use.operatorToken.kind === ts.SyntaxKind.InstanceOfKeyword;
}

function isPureMath(node: ts.Identifier): boolean {
  const use = globalExpression(node).parent;
  return ts.isPropertyAccessExpression(use) && use.name.text !== 'random';
}

/** True if the word is a type, a property's name or an imported name, not the global's value. */
function isTypeOrName(node: ts.Identifier): boolean {
  const { parent } = node;
  return (
    ts.isTypeNode(parent) ||
    ts.isQualifiedName(parent) ||
    ts.isImportSpecifier(parent) ||
    ((ts.isPropertyAssignment(parent) || ts.isPropertySignature(parent) || ts.isPropertyDeclaration(parent)) &&
      parent.name === node)
  );
}
