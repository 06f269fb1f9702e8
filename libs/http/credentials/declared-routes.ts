import { Inject, Injectable, type OnModuleInit, RequestMethod, type Type } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { StartFailure } from '../../platform/start-failure.js';
import { ACCESS_METADATA, type RouteAccess } from './route-access.js';

export interface DeclaredRoute {
  method: string;
  /** As declared, with `:name` for parameters. */
  path: string;
  access: RouteAccess;
  /** `Controller.method`. */
  handler: string;
  controller: Type;
  handlerName: string;
}

/** Every route of every controller and its access. Fails closed: a route without a declaration stops the start. */
@Injectable()
export class DeclaredRoutes implements OnModuleInit {
  constructor(
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(MetadataScanner) private readonly scanner: MetadataScanner,
    @Inject(Reflector) private readonly reflector: Reflector,
  ) {}

  /** @throws StartFailure that lists every route without a declaration */
  onModuleInit(): void {
    const open = this.all().filter(({ access }) => !access);
    if (open.length === 0) return;
    const names = open.map(({ handler, method, path }) => `${handler} (${method} ${path})`).join(', ');
    throw new StartFailure(
      'route-undeclared',
      `these routes declare no access: ${names}; add @Roles(…), @AnyRole() or @Public()`,
    );
  }

  all(): DeclaredRoute[] {
    return this.discovery.getControllers().flatMap(({ metatype, instance }) => {
      if (!metatype || !instance) return [];
      const prefixes = [Reflect.getMetadata('path', metatype) ?? ''].flat();
      return this.scanner.getAllMethodNames(Object.getPrototypeOf(instance)).flatMap((name) => {
        const handler = instance[name];
        const paths = Reflect.getMetadata('path', handler);
        if (paths === undefined) return [];
        const access = this.reflector.getAllAndOverride<RouteAccess>(ACCESS_METADATA, [handler, metatype as never]);
        const method = RequestMethod[Reflect.getMetadata('method', handler)]!;
        return prefixes.flatMap((prefix) =>
          [paths].flat().map((path) => ({
            method,
            path: join(prefix, path),
            access,
            handler: `${metatype.name}.${name}`,
            controller: metatype as Type,
            handlerName: name,
          })),
        );
      });
    });
  }
}

const join = (...parts: string[]): string =>
  `/${parts
    .flatMap((part) => part.split('/'))
    .filter(Boolean)
    .join('/')}`;
