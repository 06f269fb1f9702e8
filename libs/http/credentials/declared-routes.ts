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
  constructor(@Inject(DiscoveryService) private readonly discovery: DiscoveryService) {}

  /** @throws StartFailure */
  onModuleInit(): void {
    this.all();
  }

  /** @throws StartFailure that lists every route without a declaration */
  all(): DeclaredRoute[] {
    const controllers = this.discovery.getControllers();
    const routes = routesOf(controllers.flatMap(({ metatype }) => (metatype ? [metatype as Type] : [])));
    const open = routes.filter(({ access }) => !access);
    if (open.length === 0) return routes;
    const names = open.map(({ handler, method, path }) => `${handler} (${method} ${path})`).join(', ');
    throw new StartFailure(
      'route-undeclared',
      `these routes declare no access: ${names}; add @Roles(…), @AnyRole() or @Public()`,
    );
  }
}

/** The routes that controllers declare; `access` is undefined for one that declares none. */
export function routesOf(controllers: readonly Type[]): DeclaredRoute[] {
  const scanner = new MetadataScanner();
  const reflector = new Reflector();
  return controllers.flatMap((controller) => {
    const prefixes = [Reflect.getMetadata('path', controller) ?? ''].flat();
    return scanner.getAllMethodNames(controller.prototype).flatMap((name) => {
      const handler = controller.prototype[name];
      const paths = Reflect.getMetadata('path', handler);
      if (paths === undefined) return [];
      const access = reflector.getAllAndOverride<RouteAccess>(ACCESS_METADATA, [handler, controller]);
      const method = RequestMethod[Reflect.getMetadata('method', handler)]!;
      return prefixes.flatMap((prefix) =>
        [paths].flat().map((path) => ({
          method,
          path: join(prefix, path),
          access,
          handler: `${controller.name}.${name}`,
          controller,
          handlerName: name,
        })),
      );
    });
  });
}

const join = (...parts: string[]): string =>
  `/${parts
    .flatMap((part) => part.split('/'))
    .filter(Boolean)
    .join('/')}`;
