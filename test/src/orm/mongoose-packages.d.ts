/** Its own types declare the module `mongoose`, which is the other version's. */
declare module 'mongoose8' {
  import mongoose from 'mongoose';
  export default mongoose;
}
