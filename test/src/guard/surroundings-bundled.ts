import cookieParser from 'cookie-parser';
import express from 'express';
import session from 'express-session';
import passport from 'passport';
import { rowsOf } from './surroundings.js';

// Bundled into one file, and then run: which package a function is from, nothing says there.
console.log(JSON.stringify(await rowsOf({ express, cookieParser, session, passport })));
process.exit();
