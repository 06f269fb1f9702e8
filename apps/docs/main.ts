import 'reflect-metadata';
import { writeFileSync } from 'node:fs';
import { generatedDocuments } from './generated-documents.js';
import { brokenPromises, REMEDY } from './published-api.js';

/* npm run docs: writes the generated documents into the checkout that npm runs in. */

const broken = brokenPromises();
if (broken.length > 0) {
  console.error([REMEDY, ...broken.map((change) => `- ${change}`)].join('\n'));
  process.exitCode = 1;
} else {
  for (const { path, text } of generatedDocuments()) {
    writeFileSync(path, text);
    console.log(`wrote ${path}`);
  }
}
