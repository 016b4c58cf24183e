import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type CanActivate, type ExecutionContext, Inject, Injectable, UnauthorizedException } from '@nestjs/common';

/** Under this token the app provides what staff send as a bearer token. */
export const STAFF_TOKEN = 'STAFF_TOKEN';

/** Lets in who sends the token. It runs on every request, also where the answer is in the cache. */
@Injectable()
export class StaffGuard implements CanActivate {
  constructor(@Inject(STAFF_TOKEN) private readonly token: string) {}

  canActivate(context: ExecutionContext): boolean {
    const { authorization = '' } = context.switchToHttp().getRequest<IncomingMessage>().headers;
    if (timingSafeEqual(digest(authorization), digest(`Bearer ${this.token}`))) return true;
    throw new UnauthorizedException('staff only');
  }
}

/** Of equal length, whatever was sent. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
