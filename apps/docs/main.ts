import 'reflect-metadata';
import { writeFileSync } from 'node:fs';
import { generatedDocuments } from './generated-documents.js';

/* npm run docs: writes the generated documents into the checkout that npm runs in. */

for (const { path, text } of generatedDocuments()) {
  writeFileSync(path, text);
  console.log(`wrote ${path}`);
}
