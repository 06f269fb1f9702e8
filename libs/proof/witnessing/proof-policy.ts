import { Inject, Injectable } from '@nestjs/common';
import type { Settings } from '../../platform/configuration/settings.js';
import { SETTINGS } from '../../platform/ports.js';
import type { TrustPolicy } from '../tlog/trust-policy.js';
import { configuredPolicy } from './configured-policy.js';

/** The configured policy, as its file is now. */
@Injectable()
export class ProofPolicy {
  constructor(@Inject(SETTINGS) private readonly settings: Settings) {}

  /** @throws StartFailure if it can't be used */
  read(): TrustPolicy | undefined {
    return configuredPolicy(this.settings);
  }
}
