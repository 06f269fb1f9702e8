import { COUNTRIES } from '../../kernel/commission-codes.js';
import type { Settings } from '../../platform/configuration/settings.js';

/** The countries that statements name: those of the setting, or all of them. */
export const scopeOf = ({ dsaScope }: Pick<Settings, 'dsaScope'>): readonly string[] =>
  dsaScope.length === 0 ? COUNTRIES : [...new Set(dsaScope)].sort();
