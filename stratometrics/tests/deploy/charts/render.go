// Licensed under the Apache License, Version 2.0 (the "License"); you may
// not use this file except in compliance with the License. You may obtain
// a copy of the License at
//
//     http://www.apache.org/licenses/LICENSE-2.0
//
// Unless required by applicable law or agreed to in writing, software
// distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
// WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
// License for the specific language governing permissions and limitations
// under the License.

// Renders the templates of a chart as Helm does: with text/template, sprig,
// and the functions that Helm adds. Reads from standard input
//
//     {"templates": {NAME: TEXT}, "files": {NAME: TEXT}, "data": {...}}
//
// where "data" is what templates see, and writes {NAME: RENDERED TEXT}.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
	"sigs.k8s.io/yaml"
)

type chart struct {
	Templates map[string]string
	Files     files
	Data      map[string]interface{}
}

type files map[string]string

func (f files) Get(name string) string {
	return f[name]
}

func toYaml(value interface{}) string {
	text, err := yaml.Marshal(value)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(string(text), "\n")
}

func fromYaml(text string) map[string]interface{} {
	value := map[string]interface{}{}
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		value["Error"] = err.Error()
	}
	return value
}

func required(message string, value interface{}) (interface{}, error) {
	if value == nil || value == "" {
		return value, errors.New(message)
	}
	return value, nil
}

func functions(root *template.Template) template.FuncMap {
	known := sprig.TxtFuncMap()
	// Templates are to depend on nothing but values.
	delete(known, "env")
	delete(known, "expandenv")
	known["toYaml"] = toYaml
	known["fromYaml"] = fromYaml
	known["required"] = required
	known["include"] = func(name string, data interface{}) (string, error) {
		var text strings.Builder
		err := root.ExecuteTemplate(&text, name, data)
		return text.String(), err
	}
	known["tpl"] = func(text string, data interface{}) (string, error) {
		parsed, err := root.Clone()
		if err == nil {
			parsed, err = parsed.New("tpl").Parse(text)
		}
		if err != nil {
			return "", err
		}
		var rendered strings.Builder
		err = parsed.Execute(&rendered, data)
		return rendered.String(), err
	}
	return known
}

func render(given chart) (map[string]string, error) {
	root := template.New("chart").Option("missingkey=zero")
	root.Funcs(functions(root))
	for name, text := range given.Templates {
		if _, err := root.New(name).Parse(text); err != nil {
			return nil, err
		}
	}
	given.Data["Files"] = given.Files
	rendered := map[string]string{}
	for name := range given.Templates {
		if strings.HasPrefix(path.Base(name), "_") {
			continue
		}
		given.Data["Template"] = map[string]interface{}{
			"Name":     name,
			"BasePath": path.Dir(name),
		}
		var text strings.Builder
		if err := root.ExecuteTemplate(&text, name, given.Data); err != nil {
			return nil, err
		}
		// A value that is not there is written like this, and not meant.
		rendered[name] = strings.ReplaceAll(text.String(), "<no value>", "")
	}
	return rendered, nil
}

func main() {
	var given chart
	err := json.NewDecoder(os.Stdin).Decode(&given)
	var rendered map[string]string
	if err == nil {
		rendered, err = render(given)
	}
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(rendered)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
