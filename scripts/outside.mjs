/** esbuild plug-ins for imports that stay imports, of files that are built apart. */

/** The packages `names` lie in `folder`. */
export const vendored = (names, folder) => ({
  name: 'vendored',
  setup(build) {
    build.onResolve({ filter: /^[a-z][\w-]*$/ }, ({ path }) =>
      names.includes(path) ? { path: `${folder}/${path}.js`, external: true } : undefined,
    );
  },
});

/** src/commands.ts loads the commands `names` from the folder beside the bundle's entry. */
export const commandsOutside = (names) => ({
  name: 'commands-outside',
  setup(build) {
    build.onResolve({ filter: /^\.\/commands\/\w+\.ts$/ }, ({ path }) => {
      const file = path.replace(/\.ts$/, '.js');
      const isCommand = names.includes(file.slice('./commands/'.length, -'.js'.length));
      return isCommand ? { path: file, external: true } : undefined;
    });
  },
});
