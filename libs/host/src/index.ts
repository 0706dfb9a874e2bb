export { hasEnded, type ApiKey } from './access/api-key.js';
export { ApiKeys } from './access/api-keys.js';
export { People } from './access/people.js';
export { extentOf, extents, permissions, roles, type Permission, type Role } from './access/permissions.js';
export {
  branchScope,
  reachesOf,
  scopeForm,
  type Grant,
  type Principal,
  type Reach,
  type ScopeName,
} from './access/principal.js';
export { BranchLibraries, outOfScope, outOfScopeOnce, Scopes, type Judge } from './access/scopes.js';
export { auditTrail } from './acts/audit-trail.projection.js';
export { Accesses } from './accesses/accesses.js';
export type { AccessHow } from './accesses/patron-accessed.events.js';
export { Reading, ReadingFor, type Reader } from './accesses/reading.js';
export { grantSchema } from './access/me.controller.js';
export { Answer, written } from './answer.js';
export { createApp, holdPort, serve, type AppOptions, type HeldPort, type Served } from './app.js';
export { Line, Omittable, Optional, Prose, Removable, withoutAbsent } from './text-fields.js';
export { Clock, SystemClock } from './clock.js';
export { branchClosings } from './closings/branch-closings.projection.js';
export { ClosedBranches, Closings, dayOf } from './closings/closed-branches.js';
export {
  BadConfig,
  Config,
  configTable,
  readConfig,
  readServiceConfig,
  ServiceConfig,
  type LogLevel,
} from './config.js';
export { contextModule, partsOf } from './context.js';
export type { ContextParts } from './context-parts.js';
export { LogConsumers } from './running-context.js';
export { Contexts, type ContextStatus } from './contexts.js';
export type { RateLimiter } from './edge.js';
export { eventually, waitingOnce, type UnknownOf } from './eventually.js';
export { ExpectedRetries } from './expected-retries.js';
export { failProcess } from './failed-process.js';
export { pointerOf, problemsOf, refused, type Problem } from './found-problems.js';
export { HttpProblem, Unreadable, type FieldProblem } from './http-problem.js';
export {
  afterAscii,
  AfterQuery,
  BranchQuery,
  Cursors,
  listLimit,
  ListQuery,
  Lists,
  PageQuery,
  type ListAsked,
  type Listed,
  type ListPart,
} from './lists.js';
export { NameQuery, nameSearch } from './name-search.js';
export { pollingLoop } from './polling-loop.js';
export { AppliedWait, joinMarks } from './positions.js';
export {
  arrayLines,
  chunksOf,
  ndjsonLines,
  outcomeLine,
  readLines,
  recordLines,
  type Outcome,
  type SentLine,
} from './ndjson.js';
export {
  Answers,
  changeOf,
  fileOf,
  json,
  makingOf,
  outcomes,
  readOf,
  Takes,
  type AnswerShape,
  type AnswerShapes,
} from './openapi-answers.js';
export {
  day,
  flag,
  instant,
  integer,
  linesOf,
  listOf,
  number,
  object,
  oneOf,
  orNull,
  outcomeOfLine,
  pageOf,
  resource,
  schemaOf,
  text,
  uuid,
  type Schema,
} from './openapi-schemas.js';
export type { ReadinessCheck } from './readiness.js';
export { IfMatch, mediaTypeOf, Reaches, RequestMeta, Sender } from './request.js';
export { Needs, Public, routesOf, type Needed, type Route } from './routes.js';
export { keyCommand, shellWord } from './key-command.js';
export { adminKeyShown, keepSampleKeys, keptSampleKeys, loadSecrets, Secrets } from './secrets.js';
export { runService, type Connect, type ServiceAdapters } from './service.js';
export { StaticFile } from './static-file.js';
export { parseStrictJson } from './strict-json.js';
export { checkedBody } from './validation.js';
