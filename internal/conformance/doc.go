// Package conformance holds requests of the client and answers of the fake to
// ZEGO's own OpenAPI files. It has nothing but tests, and is a module of its own
// so that nobody else needs its OpenAPI library.
//
// The files are ZEGO's and not part of this repository. They are looked for in
// the folder that ZEGO_OPENAPI_DIR names, else in ../shared/spec/zego beside the
// repository; where there are none, the tests are skipped.
package conformance
