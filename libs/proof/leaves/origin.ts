import type { Settings } from '../../platform/configuration/settings.js';

/**
 * The name of the log of leaves. It has the epoch of the log: after a restore the same sizes may have other roots, which under
 * one name would look like a lie.
 */
export const originOf = ({ proofOrigin }: Pick<Settings, 'proofOrigin'>, epoch: string): string =>
  `${proofOrigin}/${epoch}`;
