import type { Settings } from '../../platform/configuration/settings.js';
import { COUNTRIES } from '../codes.js';

/** The countries that statements name: those of the setting, or all of them. */
export const scopeOf = ({ dsaScope }: Pick<Settings, 'dsaScope'>): readonly string[] =>
  dsaScope.length === 0 ? COUNTRIES : [...new Set(dsaScope)].sort();
