// SPDX-License-Identifier: GPL-2.0-or-later
#include "build/image.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/fs.h"

#define MAX_WORDS 8

void image_release(struct image *image)
{
	size_t i;

	for (i = 0; i < image->nr; i++) {
		free(image->entries[i].to);
		free(image->entries[i].artifact);
		free(image->entries[i].from);
	}
	free(image->entries);
	free(image->path);
	*image = (struct image){ 0 };
}

static bool parse_number(const char *word, int base, unsigned long max, unsigned long *out)
{
	char *end;

	*out = strtoul(word, &end, base);
	return *word >= '0' && *word <= '9' && !*end && *out <= max;
}

/* "ARTIFACT:PATH" */
static bool split_source(const char *word, struct image_entry *e)
{
	const char *colon = strchr(word, ':');

	if (!colon || colon == word || !colon[1])
		return false;
	e->artifact = xstrndup(word, (size_t)(colon - word));
	e->from = xstrdup(colon + 1);
	return true;
}

/* The parent must have been listed before: the kernel makes no directories. */
static bool has_parent(const struct image *image, const char *to)
{
	size_t len = (size_t)(strrchr(to, '/') - to), i;

	if (!len)
		return true;
	for (i = 0; i < image->nr; i++)
		if (image->entries[i].type == IMAGE_DIR && strlen(image->entries[i].to) == len &&
		    !strncmp(image->entries[i].to, to, len))
			return true;
	return false;
}

static const char *parse_words(struct image_entry *e, char **w, size_t nr)
{
	unsigned long mode = 0, major, minor;

	if (!strcmp(w[0], "dir") && nr == 3) {
		e->type = IMAGE_DIR;
		e->to = xstrdup(w[1]);
		if (!parse_number(w[2], 8, 07777, &mode))
			return "the mode is no octal number";
	} else if (!strcmp(w[0], "file") && nr == 4) {
		e->type = IMAGE_FILE;
		e->to = xstrdup(w[1]);
		if (!split_source(w[2], e))
			return "the source is not ARTIFACT:PATH";
		if (!parse_number(w[3], 8, 07777, &mode))
			return "the mode is no octal number";
	} else if (!strcmp(w[0], "link") && nr == 3) {
		e->type = IMAGE_LINK;
		e->to = xstrdup(w[1]);
		e->from = xstrdup(w[2]);
	} else if (!strcmp(w[0], "node") && nr == 6) {
		e->type = IMAGE_NODE;
		e->to = xstrdup(w[1]);
		e->node_type = w[2][0];
		if ((strcmp(w[2], "c") && strcmp(w[2], "b")) ||
		    !parse_number(w[3], 10, 4095, &major) ||
		    !parse_number(w[4], 10, 1048575, &minor) ||
		    !parse_number(w[5], 8, 07777, &mode))
			return "a node is: node PATH c|b MAJOR MINOR MODE";
		e->dev_major = (unsigned int)major;
		e->dev_minor = (unsigned int)minor;
	} else if (!strcmp(w[0], "libs") && nr == 3) {
		e->type = IMAGE_LIBS;
		e->to = xstrdup(w[1]);
		e->artifact = xstrdup(w[2]);
	} else {
		return "not one of: dir PATH MODE, file PATH ARTIFACT:PATH MODE, link PATH TARGET, "
		       "node PATH c|b MAJOR MINOR MODE, libs DIRECTORY ARTIFACT";
	}
	e->mode = (mode_t)mode;
	if (*e->to != '/' || strstr(e->to, "/../") || !e->to[1])
		return "paths in the guest are absolute";
	return NULL;
}

static int parse_line(struct image *image, char *line, unsigned int number, struct err *err)
{
	struct image_entry *e;
	char *words[MAX_WORDS], *save = NULL, *word;
	const char *what;
	size_t nr = 0;

	line[strcspn(line, "#\r")] = '\0';
	for (word = strtok_r(line, " \t", &save); word; word = strtok_r(NULL, " \t", &save)) {
		if (nr == MAX_WORDS)
			return err_usage(err, "%s:%u: too many words", image->path, number);
		words[nr++] = word;
	}
	if (!nr)
		return 0;
	image->entries = xrealloc(image->entries, (image->nr + 1) * sizeof(*e));
	e = &image->entries[image->nr];
	*e = (struct image_entry){ .line = number };
	what = parse_words(e, words, nr);
	if (!what && !has_parent(image, e->to))
		what = "its directory is not listed before it";
	image->nr++;
	if (what)
		return err_usage(err, "%s:%u: %s", image->path, number, what);
	return 0;
}

int image_parse(struct image *image, const char *path, const char *text, struct err *err)
{
	_cleanup_image_ struct image parsed = { .path = xstrdup(path) };
	_cleanup_free_ char *copy = xstrdup(text);
	char *line = copy, *next;
	unsigned int number = 1;

	for (; line; line = next, number++) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (parse_line(&parsed, line, number, err) < 0)
			return -1;
	}
	if (!parsed.nr)
		return err_usage(err, "%s: the list is empty", path);
	*image = parsed;
	parsed = (struct image){ 0 };
	return 0;
}

int image_load(struct image *image, const char *path, struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT;

	if (fs_read(path, &text, err) < 0)
		return -1;
	return image_parse(image, path, text.data ? text.data : "", err);
}
