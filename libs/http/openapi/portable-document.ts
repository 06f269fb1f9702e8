import { portablePattern } from '../../kernel/text-forms.js';

/** A document as JSON has it, without names of parts, and with patterns that every engine of regular expressions reads. */
export const portableDocument = (document: unknown) =>
  JSON.parse(
    JSON.stringify(document, (name, value) => {
      if (name === '$id') return undefined;
      return name === 'pattern' && typeof value === 'string' ? portablePattern(value) : value;
    }),
  );
