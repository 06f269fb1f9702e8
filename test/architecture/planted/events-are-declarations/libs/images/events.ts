import { Type } from 'typebox';

export const imageId = Type.String();
