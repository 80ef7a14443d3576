// Package browser tests the page of zegotest in a real Chromium. It is a module
// of its own, so that nobody else needs what drives a browser.
package browser
