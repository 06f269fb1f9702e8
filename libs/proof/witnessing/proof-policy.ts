import { Inject, Injectable } from '@nestjs/common';
import type { Settings } from '../../platform/configuration/settings.js';
import { SETTINGS } from '../../platform/ports.js';
import type { TrustPolicy } from '../tlog/trust-policy.js';
import { configuredPolicy } from './configured-policy.js';

/** The configured policy, read once. @throws StartFailure */
@Injectable()
export class ProofPolicy {
  readonly policy: TrustPolicy | undefined;

  constructor(@Inject(SETTINGS) settings: Settings) {
    this.policy = configuredPolicy(settings);
  }
}
