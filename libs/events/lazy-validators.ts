import { Ajv2020, type Options, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parseInstant } from '../kernel/text-forms.js';

/**
 * Makes validators that compile their schema when they are first used: a process sees few of the types of events, and
 * compiling all of them takes a tenth of its start. The schemas themselves are checked with the event catalogue's specs.
 */
export function lazyValidators(options: Options): (schema: object) => () => ValidateFunction {
  const ajv = new Ajv2020({ ...options, validateSchema: false });
  addFormats.default(ajv);
  // Views read the times of events with Date.parse. It knows no leap second, and other days than the format allows.
  ajv.addFormat('date-time', (text) => parseInstant(text) === Date.parse(text));
  return (schema) => {
    let compiled: ValidateFunction | undefined;
    return () => {
      compiled ??= ajv.compile(schema);
      return compiled;
    };
  };
}
