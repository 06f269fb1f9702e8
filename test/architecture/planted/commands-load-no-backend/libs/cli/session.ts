// planted violation
import { Injectable } from '@nestjs/common';

export const session = Injectable;
