export { prepareEventStore } from './event-store/event-documents.js';
export { MongoEventStore, type MongoEventStoreOptions } from './event-store/mongo-event-store.js';
export { connectMongo, type Database } from './mongo.js';
export { MongoReadModels } from './read-models/mongo-read-models.js';
