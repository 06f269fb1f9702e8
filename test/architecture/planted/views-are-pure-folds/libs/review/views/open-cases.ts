// planted violation
import { Injectable } from '@nestjs/common';
import { defineView } from '../../projections/view.js';

@Injectable()
export class OpenCases {
  readonly view = defineView({});
}
