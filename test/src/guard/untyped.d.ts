/** Middleware whose own types say nothing that these tests need. */
declare module 'connect-flash';
declare module 'connect-timeout';
declare module 'cookie-session';
declare module 'csurf';
declare module 'express-useragent';
declare module 'hpp';
declare module 'i18n';
declare module 'jsonwebtoken';
declare module 'method-override';
declare module 'multer';
declare module 'on-headers';
declare module 'passport';
declare module 'passport-http-bearer';
declare module 'request-ip';
declare module 'response-time';
