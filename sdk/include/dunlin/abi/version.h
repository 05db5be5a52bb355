/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The one place the SDK version is written. CMake, the loader and the package config read it here.
 *
 * Major: a host of another major refuses the plugin.
 * Minor: only ever adds; a host with a newer minor still loads an older plugin.
 * Until the freeze this is a release candidate: tables may still be reshaped. */
#define DUNLIN_ABI_MAJOR 1
#define DUNLIN_ABI_MINOR 0
#define DUNLIN_SDK_VERSION "1.0.0-rc.1"
