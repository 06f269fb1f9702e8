import { InvalidInput } from '../../kernel/errors.js';

export interface MomentOptions {
  asOf?: string;
  at?: string;
}

/** The moment that was asked for; undefined for now. @throws InvalidInput if both options are given */
export function momentOf({ asOf, at }: MomentOptions): string | undefined {
  if (asOf !== undefined && at !== undefined)
    throw new InvalidInput([{ field: '--at', message: 'cannot be combined with --as-of' }]);
  return asOf ?? at;
}
