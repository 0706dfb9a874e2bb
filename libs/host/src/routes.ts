import { RequestMethod, SetMetadata, type INestApplication } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';
import type { Permission } from './access/permissions.js';

const consumesMetadata = 'swagger/apiConsumes';
const neededMetadata = Symbol('readership:needed');

/** What a route needs: a permission, any credential, or nothing. */
export type Needed = Permission | 'any credential' | 'nothing';

/** Marks a route, or all routes of a controller, as needing no credential. */
export const Public = (): MethodDecorator & ClassDecorator => SetMetadata(neededMetadata, 'nothing');

/** Names the permission that a route, or all routes of a controller, need. Every route names one, or is public. */
export const Needs = (permission: Permission | 'any credential'): MethodDecorator & ClassDecorator =>
  SetMetadata(neededMetadata, permission);

const recordsMetadata = Symbol('readership:records');

/** Marks a route as one that records something under the command id of its request. */
export const RecordsCommand: MethodDecorator = SetMetadata(recordsMetadata, true);

export interface Route {
  readonly method: string;
  /** The declared path, such as `/v1/patrons/:id`. */
  readonly path: string;
  readonly needs: Needed;
  /** The media types of its bodies; empty when it takes none. */
  readonly mediaTypes: readonly string[];
  /** True when an `Idempotency-Key` has a meaning here. */
  readonly takesIdempotencyKey: boolean;
}

/** `GET /v1/patrons/:id`: what tells a route from all others. */
export function routeName(method: string, path: string): string {
  return `${method.toUpperCase()} ${path}`;
}

/** The name of the route that the OpenAPI document describes under a path such as `/v1/patrons/{id}`. */
export function describedRoute(method: string, path: string): string {
  return routeName(method, path.replace(/\{([^}]+)\}/g, ':$1'));
}

/**
 * Every route that a controller declares, sorted, with what it needs and which bodies it takes. Throws when a route does
 * not say what it needs.
 */
export function routesOf(app: INestApplication): readonly Route[] {
  const scanner = new MetadataScanner();
  const routes: Route[] = [];
  for (const module of app.get(ModulesContainer).values()) {
    for (const { metatype } of module.controllers.values()) {
      if (typeof metatype !== 'function') continue;
      const prototype = metatype.prototype as Record<string, object>;
      for (const name of scanner.getAllMethodNames(prototype)) {
        const handler = prototype[name]!;
        const method = Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod | undefined;
        if (method === undefined) continue;
        const needs = [handler, metatype]
          .map((target) => Reflect.getMetadata(neededMetadata, target) as Needed | undefined)
          .find((needed) => needed !== undefined);
        if (needs === undefined) throw new Error(`${metatype.name}.${name} does not say what it needs`);
        for (const base of pathsOf(metatype)) {
          for (const own of pathsOf(handler)) {
            const path = `/${[base, own]
              .flatMap((part) => part.split('/'))
              .filter(Boolean)
              .join('/')}`;
            const name = RequestMethod[method];
            routes.push({
              method: name,
              path,
              needs,
              mediaTypes: mediaTypesOf(name, handler, metatype),
              takesIdempotencyKey:
                name === 'POST' && needs !== 'nothing' && Reflect.hasMetadata(recordsMetadata, handler),
            });
          }
        }
      }
    }
  }
  return routes.sort((a, b) => (`${a.path} ${a.method}` < `${b.path} ${b.method}` ? -1 : 1));
}

/** As `@ApiConsumes` declares them, so that what is described is what is taken; else JSON. */
function mediaTypesOf(method: string, ...targets: readonly object[]): readonly string[] {
  if (!['POST', 'PUT', 'PATCH'].includes(method)) return [];
  for (const target of targets) {
    const declared = Reflect.getMetadata(consumesMetadata, target) as readonly string[] | undefined;
    if (declared !== undefined) return declared;
  }
  return ['application/json'];
}

function pathsOf(target: object): readonly string[] {
  const paths = Reflect.getMetadata(PATH_METADATA, target) as string | readonly string[] | undefined;
  if (paths === undefined) return [''];
  return typeof paths === 'string' ? [paths] : paths;
}
