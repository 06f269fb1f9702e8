import { InvalidArgumentError } from 'commander';
import { isDay } from '../../kernel/text-forms.js';

export const day = (text: string): string => {
  if (isDay(text)) return text;
  throw new InvalidArgumentError('It must be a day such as 2022-05-18.');
};
