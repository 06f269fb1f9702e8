import { Controller, Get, Inject } from '@nestjs/common';
import { type Static, Type } from 'typebox';
import { Roles } from '../../http/credentials/route-access.js';
import { closed, flag, list, text } from '../../http/openapi/answer-schemas.js';
import { answer, Operation } from '../../http/openapi/operation.js';
import { type Settings, shownSettings } from '../../platform/configuration/settings.js';
import { SETTINGS } from '../../platform/ports.js';

export const SettingsAnswer = closed({
  items: list(
    closed({
      variable: text('The environment variable.'),
      set: flag('Whether it is set; otherwise its default is used.'),
      value: Type.Optional(
        text('Its value or its default. Addresses are without credentials; keys and passwords are left out.'),
      ),
      summary: text('What it means.'),
    }),
    'The settings.',
  ),
});
export type SettingsAnswer = Static<typeof SettingsAnswer>;

@Controller('v1/settings')
export class ShowSettingsController {
  constructor(@Inject(SETTINGS) private readonly settings: Settings) {}

  @Get()
  @Roles('administrator')
  @Operation('The settings that this process read at its start, without their secrets', {
    answer: answer('Settings', 'The settings.', SettingsAnswer),
  })
  showSettings(): SettingsAnswer {
    return { items: shownSettings(this.settings).map(({ isSet, ...one }) => ({ ...one, set: isSet })) };
  }
}
