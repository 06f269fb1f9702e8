import 'reflect-metadata';
import { readFileSync, writeFileSync } from 'node:fs';
import { generatedDocuments } from './generated-documents.js';

/* npm run docs: writes what is generated from the code, in the checkout that npm runs in. */

for (const { path, text } of generatedDocuments((name) => readFileSync(name, 'utf8'))) {
  writeFileSync(path, text);
  console.log(`wrote ${path}`);
}
